;; fadd.d ft0, ft1, ft2, dyn
;; fmul.s ft3, ft3, ft3, rtz
;; flt.d a0, ft0, ft1
;; wfi
(func $region (param i32) (param i32) (param i32) (result i32)
  (local i32 i32 i32 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
  (local.set 3 (i32.load offset=left (i32.const 0)))
  (if (;unlikely;) (i32.or (i32.atomic.load offset=attention (i32.const 0)) (i32.shr_u (local.get 3) (i32.const 31))) (then
    (return (i32.const 1))
  ))
  (local.set 14 (i64.load offset=x10 (i32.const 0)))
  (local.set 8 (i64.load offset=f0 (i32.const 0)))
  (local.set 6 (i64.load offset=f1 (i32.const 0)))
  (local.set 7 (i64.load offset=f2 (i32.const 0)))
  (local.set 9 (i64.load offset=f3 (i32.const 0)))
  (local.set 15 (i64.and (i64.load offset=pc (i32.const 0)) (i64.const -4096)))
  (block $leave1
    (if (;unlikely;) (i32.eqz (i64.eq (i64.and (i64.load offset=mstatus (i32.const 0)) (i64.const 24576)) (i64.const 24576))) (then
      (local.set 4 (i32.const 1))
      (br $leave1)
    ))
    (local.set 5 (i32.load offset=frm (i32.const 0)))
    (if (;unlikely;) (i32.gt_u (local.get 5) (i32.const 4)) (then
      (local.set 4 (i32.const 1))
      (br $leave1)
    ))
    (local.set 8 (call $f64_add (local.get 6) (local.get 7) (local.get 5)))
    (local.set 10 (local.get 9))
    (local.set 11 (select (i64.and (local.get 10) (i64.const 4294967295)) (i64.const 2143289344) (i64.ge_u (local.get 10) (i64.const -4294967296))))
    (local.set 12 (local.get 9))
    (local.set 13 (select (i64.and (local.get 12) (i64.const 4294967295)) (i64.const 2143289344) (i64.ge_u (local.get 12) (i64.const -4294967296))))
    (local.set 9 (i64.or (call $f32_mul (local.get 11) (local.get 13) (i32.const 1)) (i64.const -4294967296)))
    (local.set 14 (call $f64_lt (local.get 8) (local.get 6)))
    (local.set 3 (i32.sub (local.get 3) (i32.const 3)))
    (local.set 4 (i32.const 3073))
    (br $leave1)
  )
  (i64.store offset=x10 (i32.const 0) (local.get 14))
  (i64.store offset=f0 (i32.const 0) (local.get 8))
  (i64.store offset=f3 (i32.const 0) (local.get 9))
  (local.set 3 (i32.sub (local.get 3) (i32.and (i32.shr_u (local.get 4) (i32.const 1)) (i32.const 127))))
  (i64.store offset=pc (i32.const 0) (i64.add (local.get 15) (i64.extend_i32_s (i32.shr_s (local.get 4) (i32.const 8)))))
  (i32.store offset=left (i32.const 0) (local.get 3))
  (return (i32.and (local.get 4) (i32.const 1))))
